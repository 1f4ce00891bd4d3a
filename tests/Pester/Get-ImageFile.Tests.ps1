BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $app = @(Get-AppPlace)
}
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')

    # What docker exports of a container made from the image; the engine adds these to every container.
    function Get-ExportedPath([string] $Image) {
        $container = [string](docker create $Image none 2>$null)
        $tar = Join-Path $TestDrive "$container.tar"
        try { docker export -o $tar $container } finally { $null = docker rm $container }
        $engineOwn = '.dockerenv', 'dev/', 'dev/console', 'dev/pts/', 'dev/shm/', 'etc/hostname', 'etc/hosts', 'etc/mtab', 'etc/resolv.conf', 'proc/', 'sys/'
        tar -tf $tar | Where-Object { $_ -notin $engineOwn } | ForEach-Object { '/' + $_.TrimEnd('/') }
    }
}

Describe 'Get-ImageFile' {
    It 'lists what docker exports, for the image in <Place>' -ForEach $app {
        Skip-Without App, $Key
        $expected = Get-ExportedPath fixture/app:1.0 | Sort-Object
        # /etc comes from the engine alone
        (Get-ImageFile $Name).FilePath | Where-Object { $_ -ne '/' } | Sort-Object | Should -Be @($expected | Where-Object { $_ -ne '/etc' })
    }

    It 'gives mode, owner and link as they are' {
        Skip-Without App
        $name = "$($World.Registry)/fixture/app:1.0"
        $two = Get-ImageFile $name -FilePath /srv/data/two.txt
        $two.Type | Should -BeExactly 'File'
        $two.Permissions | Should -BeExactly '-rwsr-xr-x'
        [Convert]::ToString($two.Mode, 8) | Should -BeExactly '4755'
        $two.Size | Should -Be 4
        $two.Size | Should -BeOfType ([long])
        $two.Modified | Should -BeOfType ([datetime])
        $ls = Get-ImageFile $name -FilePath /bin/ls
        $ls.Type | Should -BeExactly 'SymbolicLink'
        $ls.LinkTarget | Should -BeExactly '/bin/busybox'
        $ls.Size | Should -BeNullOrEmpty
    }

    It 'hashes contents as sha256sum does' {
        Skip-Without App
        $busybox = (Get-Command busybox -CommandType Application | Select-Object -First 1).Source
        (Get-ImageFile "$($World.Registry)/fixture/app:1.0" -FilePath /bin/busybox -Hash).Digest | Should -BeExactly (Get-FileSha256 $busybox)
    }

    It 'shows the entries of one layer with its whiteouts, and what is hidden' {
        Skip-Without App
        $name = "$($World.Registry)/fixture/app:1.0"
        $removing = Get-ImageLayer $name | Where-Object CreatedBy -Match 'rm one.txt'
        $whiteout = $removing | Get-ImageFile | Where-Object Type -EQ Whiteout
        $whiteout.FilePath | Should -BeExactly '/srv/data/.wh.one.txt'
        $whiteout.Layer | Should -Be $removing.Layer
        Get-ImageFile $name -FilePath /srv/data/one.txt | Should -BeNullOrEmpty
        (Get-ImageFile $name -FilePath /srv/data/one.txt -IncludeHidden).HiddenByLayer | Should -Be $removing.Layer
    }

    It 'takes patterns: <Pattern> gives <Expected>' -ForEach @(
        @{ Pattern = '/srv/*'; Expected = '/srv/data' }
        @{ Pattern = '/srv/**'; Expected = '/srv/data', '/srv/data/motd', '/srv/data/two.txt' }
        @{ Pattern = '**/mot?'; Expected = '/srv/data/motd' }
        @{ Pattern = '/SRV/data'; Expected = @() }
    ) {
        Skip-Without App
        @(Get-ImageFile "$($World.Registry)/fixture/app:1.0" -FilePath $Pattern | ForEach-Object FilePath) | Should -Be $Expected
    }

    It 'adds up' {
        Skip-Without App
        $files = Get-ImageFile "$($World.Registry)/fixture/app:1.0"
        ($files | Measure-Object Size -Sum).Sum | Should -Be (($files | Where-Object Type -EQ File).Size | Measure-Object -Sum).Sum
        ($files | Sort-Object Size -Descending | Select-Object -First 1).FilePath | Should -BeExactly '/bin/busybox'
    }

    It 'is a table of a line for each, at most 100 wide, and a list' {
        $PSStyle.OutputRendering = 'PlainText'
        $files = @(Get-ImageFile "oci:$($World.Sample):1.0" -FilePath '/etc/*', '/usr/*')
        $lines = ($files | Out-String -Width 100) -split '\r?\n' | Where-Object { $_ }
        $lines.Count | Should -Be ($files.Count + 2)
        $lines | Where-Object Length -GT 100 | Should -BeNullOrEmpty
        $files | Format-List | Out-String -Width 100 | Should -Match '(?m)^Permissions +: d'
    }

    It 'refuses a path that leaves the image' {
        $errors = $null
        Get-ImageFile "oci:$($World.Sample):1.0" -FilePath '/etc/../x' -ErrorVariable errors -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'InvalidFilePath,*'
    }
}
