# Every example of the help pages is run as it stands there, with the hosts that it names, and gives what the page shows. Where the
# environment variable UPDATE_HELP is set, what they give is written into the pages instead.
BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'lib' 'HelpExamples.ps1')
    $pages = Get-ChildItem (Join-Path $PSScriptRoot '../../docs/help') -Filter '*-*.md' | Sort-Object Name | ForEach-Object {
        @{ Page = $_.BaseName; Examples = @(Get-HelpExample $_.FullName | ForEach-Object { @{ Example = $_; Title = $_.Title } }) }
    }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'Start-Servers.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'HelpExamples.ps1')
    # why an example is not run
    $foreign = @{
        'Connect-ImageRegistry Example 4: A registry whose token server lies elsewhere' = 'it needs a token server with TLS on a host other than that of the registry'
    }
    $docs = (Resolve-Path (Join-Path $PSScriptRoot '../../docs/help')).Path
    $results = $null # stays so where the servers are not to be had

    # Servers of their own, so that lists hold what the pages name and nothing else, and what examples remove is missed by nobody.
    if ($World['Docker'] -and $World['Tls'] -and $World['BasicRegistry']) {
        $help = @{ Folder = (New-Item -ItemType Directory (Join-Path $World.Folder 'help')).FullName; Teardown = $World.Teardown }
        $passwords = Join-Path $help.Folder 'htpasswd'
        foreach ($name in 'octocat', 'robot') { htpasswd -Bbn $name $World.Password | Where-Object { $_ } | Add-Content $passwords }
        $tls = @('  tls:', "    certificate: $($World.Tls.Certificate)", "    key: $($World.Tls.Key)")
        $targets = @{}
        foreach ($name in 'registry', 'mirror') { $targets["$name.example.com"] = Start-Registry $help $name -Http $tls }
        $targets['private.example.com'] = Start-Registry $help private -Http $tls -Auth @('auth:', '  htpasswd:', '    realm: examples', "    path: $passwords")
        $proxy = "127.0.0.1:$(Get-FreePort)"
        $job = Start-ThreadJob -FilePath (Join-Path $PSScriptRoot 'lib' 'NameProxy.ps1') -ArgumentList $proxy, $targets
        $env:HTTPS_PROXY = "http://$proxy"
        try { $engine = Start-Engine $help '--insecure-registry', 'registry.example.com' } finally { $env:HTTPS_PROXY = $null }
        & (Join-Path $PSScriptRoot 'lib' 'New-HelpImages.ps1') -Destination (Join-Path $help.Folder 'images')
        $file = Join-Path $help.Folder 'results.json'
        $work, $own = 1..2 | ForEach-Object { Join-Path ([IO.Path]::GetTempPath()) ([guid]::NewGuid().ToString('n').Substring(0, 4)) }
        @{
            ModulePath = $World.ModulePath; Pages = $docs; Folder = $help.Folder; Images = Join-Path $help.Folder 'images'; Proxy = $proxy; Docker = $engine; Ca = $World.Tls.Ca; Password = $World.Password
            Registries = @{ 'registry.example.com' = Join-Path $help.Folder 'registry'; 'mirror.example.com' = Join-Path $help.Folder 'mirror'; 'private.example.com' = Join-Path $help.Folder 'private' }
            # folders as long as what the pages show for them, since long names are cut
            Work = $work; WorkShown = '/srv/demo'; Home = $own; HomeShown = '/home/ann'; Width = 100; Foreign = $foreign; Result = $file
        } | ConvertTo-Json | Set-Content (Join-Path $help.Folder 'settings.json')
        $said = Invoke-FreshPwsh "& '$(Join-Path $PSScriptRoot 'lib' 'Invoke-HelpExamples.ps1')' '$(Join-Path $help.Folder 'settings.json')'"
        Remove-Item (Join-Path $help.Folder 'settings.json') # it holds the password
        $results = @()
        if (Test-Path $file) {
            $results = @(Get-Content -Raw $file | ConvertFrom-Json -AsHashtable)
            Copy-Item $file (Join-Path $World.Said 'help-examples')
        }
        else { Write-Host ($said -join "`n") }
        if ($env:UPDATE_HELP) {
            foreach ($page in $results | Group-Object Page) {
                $given = @{}
                $page.Group.ForEach{ $given[$_.Title] = $_.Lines }
                Set-HelpOutput (Join-Path $docs "$($page.Name).md") $given
            }
        }
    }
}

AfterAll {
    if ($null -ne $results) {
        $job | Stop-Job -PassThru | Remove-Job -Force
        Remove-Item -Recurse -Force $work, $own -ErrorAction Ignore
        Write-Host "examples: $($results.Count + $foreign.Count), run $($results.Count), foreign $($foreign.Count)"
    }
}

Describe 'The examples of <Page>' -ForEach $pages {
    It '<Title>' -ForEach $Examples {
        if ($null -eq $results) { Set-ItResult -Skipped -Because 'the servers are not to be had here' }
        if ($env:UPDATE_HELP) { Set-ItResult -Skipped -Because 'the pages are written' }
        if ($foreign["$Page $Title"]) { Set-ItResult -Skipped -Because $foreign["$Page $Title"] }
        $given = $results.Where{ $_.Page -eq $Page -and $_.Title -eq $Title }[0]
        $given | Should -Not -BeNullOrEmpty -Because 'it was run'
        $given.Errors | Should -BeNullOrEmpty
        Compare-Shown $Example $given.Lines | Should -BeNullOrEmpty
    }
}

Describe 'The comparison with what a page shows' {
    It 'finds <What>' -ForEach @(
        @{ What = 'another column'; Given = 'Digest              Size Image', 'sha256:0123456789ab   491 B registry.example.com/app:1.2' }
        @{ What = 'another name'; Given = 'Digest              Size Tag', 'sha256:0123456789ab   491 B registry.example.com/app:1.3' }
        @{ What = 'no digest'; Given = 'Digest              Size Tag', '                      491 B registry.example.com/app:1.2' }
        @{ What = 'a size without its unit'; Given = 'Digest              Size Tag', 'sha256:0123456789ab     491 registry.example.com/app:1.2' }
        @{ What = 'a row too many'; Given = 'Digest              Size Tag', 'sha256:0123456789ab   491 B registry.example.com/app:1.2', 'x' }
        @{ What = 'nothing'; Given = @() }
    ) {
        $shown = 'Digest              Size Tag', 'sha256:7bcd68614d3f   491 B registry.example.com/app:1.2'
        Compare-Shown @{ Code = 'Get-ImageDigest'; Shown = $shown } $Given | Should -Not -BeNullOrEmpty
    }
    It 'takes other digests, sizes and dates' {
        $shown = 'sha256:7bcd68614d3f  1.21 MB 09/07/2026 11:45:00 app:1.2'
        Compare-Shown @{ Code = 'Get-Image'; Shown = $shown } 'sha256:0123456789ab    12 kB 01/02/2027 03:04:05 app:1.2' | Should -BeNullOrEmpty
    }
}
